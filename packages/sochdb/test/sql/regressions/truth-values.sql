# Truth values are numbers wherever no condition stands.
create table t1 (id integer primary key, b integer, s text) strict
insert into t1 values (1, 1, '1'), (2, 0, 'a'), (3, 5, null)
select (id = 1) in (1, 2) as c0, nullif(b = 1, 3) as c1, (b = 1) || 'x' as c2, max(b = 1, 3) as c3 from t1 order by id
select id as c0, typeof(b = 1) as c1, quote(b = 1) as c2, abs(b = 1) as c3, coalesce(b = 9, 3) as c4, iif(b, b = 1, 7) as c5 from t1 order by id
select b as c0 from t1 union select b = 1 from t1
select 3 as c0 union select 1 is 2 intersect select 0
select group_concat(b = 1, '-' order by id) as c0, sum(b = 1) as c1, min(b = 1) || '' as c2 from t1
select lag(b, 1, b = 1) over (order by id) as c0 from t1 order by id
insert into t1 values (4, 1 = 1, 'x') on conflict (id) do update set b = (excluded.b = 1)
insert into t1 values (4, 7, 'x') on conflict (id) do update set b = (excluded.b = 7)
update t1 set b = (b > 0)
select case when id = 1 then b = 1 else ?1 end as c0, (b = 1) = ?1 as c1 from t1 order by id -- ? [7]
select ?1 as c0 from t1 except select 391 = q.b from t1 as q -- ? [-1]
