"""What script/bench measures. Each part (kafka, embedded, start, model) gives sections of rows; run.py prints them."""
