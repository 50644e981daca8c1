# Seed 1040: what a query takes from a parameter is an integer with a sign before it too.
create table t4 ( id integer primary key , b text , c integer ) strict
insert into t4 values ( 0 , null , 0 ) , ( 3 , ?1 , null ) on conflict do update set c = - ( select ?2 where ( excluded.id , excluded.id ) <= ( excluded.c , excluded.id ) ) -- ? ["",1]
