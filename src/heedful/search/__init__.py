"""Search: a durable index of texts and vectors, BM25, filters, fusion, and engines that find the nearest."""
