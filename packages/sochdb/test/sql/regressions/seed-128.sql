# Seed 128: result, rows.
create table t1 (id integer primary key, b text, c blob default x'ff00') strict
create table t2 (k text not null, n integer not null, c blob not null default x'ff00', d text, e text, primary key (k, n)) strict
insert or ignore into t2 values ('%', -676, x'', 'Ba', 'über'), ('10', 9, x'', ?1, 'über') -- ? [" a "]
select distinct cast(case when '10' > '' then 'a%' else '_' end as blob) as c0, (?1 / ?2) as c1 from (with wq1(c0) as materialized (select (10.00 * null) as c0 from t1 as q2 full join (with wq3(c0) as materialized (select q4.id as c0 from t1 as q4 where null = x'00') select * from wq3) as q3 on q2.b is null right join t2 as q5 on q2.id = q5.n) select * from wq1) as q1 order by c0 nulls last, c1 limit 4 -- ? [5,-2]
