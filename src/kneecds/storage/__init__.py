"""What is kept: evaluations without patient data, their cards, and feedback; in SQLite or PostgreSQL.

`store.Store` is the database, `writer.Writer` writes evaluations behind the caller's back, `rows` is what they take.
"""
