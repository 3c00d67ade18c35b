CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> 4b1f0c7a92d3

CREATE TABLE country (
    alpha2 VARCHAR(2) NOT NULL, 
    alpha3 VARCHAR(3) NOT NULL, 
    numeric_code VARCHAR(3) NOT NULL, 
    name VARCHAR(100) NOT NULL, 
    PRIMARY KEY (alpha2), 
    UNIQUE (alpha3), 
    UNIQUE (numeric_code)
);

INSERT INTO alembic_version (version_num) VALUES ('4b1f0c7a92d3') RETURNING version_num;

