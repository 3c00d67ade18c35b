# Alembic with the scripts of the project: most applications have it in their own image.
FROM python:3.13-slim

RUN pip install --no-cache-dir alembic==1.20.1 "psycopg[binary]==3.3.9"

WORKDIR /app
COPY alembic.ini ./
COPY migrations migrations

USER 65532:65532
CMD ["alembic", "upgrade", "head"]
