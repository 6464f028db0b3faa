"""All sections, in the order of running: a further one is a file here, and a line below."""

from sections import (allocators, connect, echo, fan_out, growth, http, latency, memory,
                      two_million, workers)

SECTIONS = (
    fan_out.SECTION,
    echo.SECTION,
    latency.SECTION,
    memory.SECTION,
    connect.SECTION,
    workers.SECTION,
    http.SECTION,
    allocators.SECTION,
    growth.SECTION,
    growth.SECTION_MILLION,
    two_million.SECTION,
)
