"""What a deployment will answer, draw, cost and emit: ranges, with dates, sources and verdicts."""
