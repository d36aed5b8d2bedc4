"""Speed as a ratio against what one would pick instead; ``python -m benchmarks`` runs all."""
