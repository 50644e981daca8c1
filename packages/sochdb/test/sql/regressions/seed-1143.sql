# Seed 1143: a sum of parameters behind CASE goes into an integer column.
create table t1 ( code text primary key , b blob , c blob ) strict
create table t4 ( id integer primary key , b text , c text , d integer , e text , ref text , foreign key ( ref ) references t1 on update no action ) strict
insert into t4 select * from (select sum(case when (x'61', q1.c) = (q1.b, q1.b) then ?3 else ?4 end) as c0, min(coalesce(q1.code, q1.code)) as c1, min(coalesce(q1.code, 'z')) as c2, sum(?5) filter (where q1.code not in ('Ba')) as c3, max(q1.code) as c4, group_concat(q1.code, '-' order by q1.code) as c5 from t1 as q1 where (?1, x'') = (?2, q1.b) and '' in ('%', ' a ')) where c0 is not null order by 1, 2, 3, 4, 5, 6 limit 2 -- ? [6,6,6,-2,8]
