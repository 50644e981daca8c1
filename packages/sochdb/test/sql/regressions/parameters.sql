# A parameter is the number that it holds, and NULL beside NULL.
create table t1 (id integer primary key, b integer not null default 4, r real) strict
insert or replace into t1 values (1, null, 1.5), (2, ?1, 2) -- ? [null]
select ?1 / ?2 as c0, ?1 % ?2 as c1, - ?1 as c2, abs(?2) as c3 from t1 -- ? [5,-2]
select ?1 / ?2 as c0, - ?1 as c1, abs(?2) as c2 from t1 -- ? [5.5,-2]
select cast(?1 as integer) as c0, cast(?2 as integer) as c1, cast(?3 as real) as c2 -- ? [4.25,"12",3]
insert into t1 select sum(?1) + 8, sum(?1), avg(?1) from t1 -- ? [3]
insert into t1 select null + ?1, - ?1, abs(?1) from t1 where false -- ? [3]
select id as c0 from t1 where ?1 in (select null from t1) -- ? ["%"]
select id as c0 from t1 where ?1 = nullif(1, 1) -- ? [3]
