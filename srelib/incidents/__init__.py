"""Incidents: how long they last, how many there are, and whether a difference is one.

`time_to` gives durations of which some have not ended yet; `summary` counts and times each
service.
"""

from srelib.incidents.overview import Summary, summary
from srelib.incidents.times import TimeTo, durations, time_to, time_to_by

__all__ = ["Summary", "TimeTo", "durations", "summary", "time_to", "time_to_by"]
