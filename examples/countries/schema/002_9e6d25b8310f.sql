-- Running upgrade 4b1f0c7a92d3 -> 9e6d25b8310f

CREATE TABLE currency (
    code VARCHAR(3) NOT NULL, 
    numeric_code VARCHAR(3) NOT NULL, 
    name VARCHAR(100) NOT NULL, 
    minor_units SMALLINT, 
    PRIMARY KEY (code)
);

CREATE TABLE country_currency (
    country VARCHAR(2) NOT NULL, 
    currency VARCHAR(3) NOT NULL, 
    PRIMARY KEY (country, currency), 
    FOREIGN KEY(country) REFERENCES country (alpha2), 
    FOREIGN KEY(currency) REFERENCES currency (code)
);

UPDATE alembic_version SET version_num='9e6d25b8310f' WHERE alembic_version.version_num = '4b1f0c7a92d3';

