"""The catalogue: what is known of every dataset in the database, its series as Parquet beside it."""
