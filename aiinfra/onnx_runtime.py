"""onnxruntime, without its telemetry. Nothing of ours imports it elsewhere.

From 1.31 the Linux wheel holds a telemetry client (1DS) that writes a device id into the user's cache folder when the
library is loaded, and reports to a collector of Microsoft's. The variable is read before anything is written; the call
that the package offers comes too late for the id.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

onnxruntime.disable_telemetry_events()

__all__ = ["onnxruntime"]
