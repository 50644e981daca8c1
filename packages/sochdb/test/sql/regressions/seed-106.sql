# Seed 106: result, refused: QueryError Column … takes integer; … (real) is none (line …, column …)..
create table t1 (id integer primary key, b blob not null default x'00', c integer not null default 0, d integer) strict
update t1 set c = ?1 * ?2 where t1.id = 3 -- ? [6,3]
