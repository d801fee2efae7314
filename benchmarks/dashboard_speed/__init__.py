"""Parts of ``benchmarks.dashboard``: servers, browser, data, and one file a question."""
