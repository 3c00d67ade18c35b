-- Running upgrade 9e6d25b8310f -> c07a4e1d86b5

ALTER TABLE currency ADD COLUMN withdrawn_on DATE;

UPDATE alembic_version SET version_num='c07a4e1d86b5' WHERE alembic_version.version_num = '9e6d25b8310f';

