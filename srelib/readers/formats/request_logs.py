"""Logs with one row or line per request: load tests of JMeter and k6, web servers, AWS."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from srelib.questions import question
from srelib.readers import generic
from srelib.readers.base import Family, FileResult, Head
from srelib.readers.csv_text import as_table, starts_with
from srelib.readers.event_rows import read_events

if TYPE_CHECKING:
    from srelib.sources import Source

COMBINED_LINE = re.compile(
    r"(?:(?P<vhost>\S+) )?(?P<host>\S+) \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "
    r'"(?:(?P<method>[A-Z]+) (?P<path>\S*)(?: (?P<protocol>\S+))?|(?:[^"\\]|\\.)*)" '
    r"(?P<status>\d{3}|-) (?P<bytes>\d+|-)(?: .*)?"
)
ALB_LINE = re.compile(
    r"(?P<type>https?|h2|grpcs|wss?) (?P<time>\d{4}-\d\d-\d\dT\S+Z) (?P<elb>\S+) (?P<client>\S+) "
    r"(?P<target>\S+) (?P<request_processing_time>\S+) (?P<target_processing_time>\S+) "
    r"(?P<response_processing_time>\S+) (?P<elb_status_code>\S+) (?P<target_status_code>\S+) .*"
)


def _log(
    name: str,
    *,
    good: str,
    time: str = "time",
    header: tuple[str, ...] = (),
    line: re.Pattern[str] | None = None,
    time_format: str | None = None,
    **known: Any,
) -> Family:
    """A kind of log: its sign (columns, or the form of a line), and which of its rows are good."""

    def recognise(head: Head) -> bool:
        found = starts_with(head, line) if line is not None else set(header) <= set(head.header)
        return head.kind == "csv" and found

    def read(head: Head, source: Source) -> FileResult:
        if source.unit not in (None, "event"):
            return generic.read_generic(head, source)
        if source.service is None and "service" not in source.columns:
            why = "a log of requests does not say which service they asked"
            raise question(why, file=head.name, service=None)
        said = source.model_copy(update={
            "good": source.good or good, "columns": {"time": time} | dict(source.columns),
            **{key: value for key, value in known.items() if not getattr(source, key)},
        })  # fmt: skip
        if line is not None:
            head = as_table(head, line, "not a line of such a log: export it again")
            head = replace(head, time_format=head.time_format or time_format)
        return read_events(head, said)

    return Family(name, recognise, read, ("sli",))


JMETER = _log(
    "jmeter", header=("timeStamp", "elapsed", "success"), time="timeStamp", good="success = 'true'"
)
K6 = _log(
    "k6", header=("metric_name", "timestamp", "metric_value"), time="timestamp",
    good="metric_value = 0", where={"metric_name": ("http_req_failed",)},
)  # fmt: skip
ACCESS_LOG = _log(
    "access_log", line=COMBINED_LINE, good="status < 500", time_format="%d/%b/%Y:%H:%M:%S %z"
)
ALB = _log("alb", line=ALB_LINE, good="elb_status_code < 500")
LOGS = (JMETER, K6, ACCESS_LOG, ALB)
