"""Series that the server's metrics page has: what dashboards and alarms may read. A test holds it to a real page."""

SERIES = frozenset(
    {
        "aiinfra_requests_answered_total",
        "aiinfra_requests_failed_total",
        "aiinfra_rows_total",
        "aiinfra_model_calls_total",
        "aiinfra_queue_seconds_total",
        "aiinfra_compute_seconds_total",
        "aiinfra_requests_waiting",
        "aiinfra_model_info",
        "aiinfra_request_seconds",
        "aiinfra_batches_total",
        "aiinfra_refusals_total",
        "aiinfra_input_sampled_total",
        "aiinfra_input_missing_total",
        "aiinfra_input",
        "aiinfra_input_power_total",
        "aiinfra_energy_joules_total",
        "aiinfra_server_start_seconds",
    }
)
"""Families by the names that Prometheus stores; of histograms, the part before ``_bucket``."""
