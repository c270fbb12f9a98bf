"""Reads scrapes as prometheus_client does: one JSON object a line comes in, one goes out."""

import json
import sys

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as read_text


def reading(given):
    read = {"reader": "prometheus_client", "samples": [], "families": {}}
    is_openmetrics = given["contentType"].startswith("application/openmetrics-text")
    try:
        for family in (read_openmetrics if is_openmetrics else read_text)(given["text"]):
            name = family.name
            # Of Prometheus text, it takes the ending off again.
            if not is_openmetrics and family.type == "counter":
                name += "_total"
            read["families"][name] = {
                "type": family.type,
                "unit": family.unit or "",
                "help": family.documentation,
            }
            for sample in family.samples:
                read["samples"].append(
                    {
                        "name": sample.name,
                        "labels": sample.labels,
                        "value": repr(float(sample.value)),
                    }
                )
    except Exception as error:  # pylint: disable=broad-except
        read["error"] = f"{type(error).__name__}: {error}"
    return [read]


for line in sys.stdin:
    print(json.dumps(reading(json.loads(line))), flush=True)
