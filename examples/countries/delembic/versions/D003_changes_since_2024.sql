-- delembic revision: D003
-- delembic depends_on: D002, alembic:c07a4e1d86b5
-- delembic description: currencies that changed since 2024

-- delembic upgrade

-- Curaçao and Sint Maarten have a currency of their own since 31 March 2025
insert into currency (code, numeric_code, name, minor_units) values ('XCG', '532', 'Caribbean Guilder', 2);
update country_currency set currency = 'XCG' where currency = 'ANG';
update currency set withdrawn_on = '2025-03-30' where code = 'ANG';

-- Bulgaria has the euro since 1 January 2026
update country_currency set currency = 'EUR' where currency = 'BGN';
update currency set withdrawn_on = '2025-12-31' where code = 'BGN';

-- delembic validate
select count(*) = 2 from country_currency where currency = 'XCG';
select count(*) = 36 from country_currency where currency = 'EUR';
-- nobody uses what is withdrawn
select count(*) = 0 from country_currency where currency in (select code from currency where withdrawn_on is not null);

-- delembic downgrade
update country_currency set currency = 'BGN' where country = 'BG';
update country_currency set currency = 'ANG' where currency = 'XCG';
delete from currency where code = 'XCG';
update currency set withdrawn_on = null where code in ('ANG', 'BGN');
