# Seed 653: result, refused: ValidationError -… (INTEGER) cannot become BOOLEAN..
create table t1 (id integer primary key, b blob default x'61' unique, c text, d integer not null default 4) strict
create table t2 ( id integer primary key , b integer , c text , d text , e blob , ref integer , foreign key ( ref ) references t1 on delete set null on update cascade ) strict
insert or ignore into t1 values (9, x'61', 'a', 4), (0, x'ff00', 'it''s', -692), (6, x'ff00', 'über', ?1), (5, x'00', ?2, 4) -- ? [9,"Ba"]
select cast(coalesce(q1.c, ?1) as blob) as c0, case when -1 in (6) then (q1.d < 658) else ?2 end as c1, cast((select count(nullif('Ba', q2.d)) from t2 as q2) as text) as c2 from t1 as q1 where cast(q1.c as blob) <> x'61' order by c0, c1, c2 desc, q1.id, q1.b, q1.c nulls last, q1.d desc -- ? ["abc",-1]
