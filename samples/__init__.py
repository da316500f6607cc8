"""The sample series: a short drama of our own, its script (`series.yaml`) and what renders it to episodes with ground truth."""
