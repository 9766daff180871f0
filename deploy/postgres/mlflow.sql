-- Run once, when the volume is empty: MLflow's database beside the studio's.
CREATE DATABASE mlflow;
