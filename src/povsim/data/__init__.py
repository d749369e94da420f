"""What an evaluator holds: household panels, reports of cooperatives, published series; read, checked, in poverty lines.

A file goes through four steps, each of them a module: `files` (bytes to a table with the line of every row), `mapping`
(columns to povsim's names), `rules` (every problem with row, column and reason), `panel`, `cooperatives`, `aggregate`
(clean tables). `deflate` puts rupiah into poverty lines of their date; `survey` gives weighted estimates and their errors.
"""
