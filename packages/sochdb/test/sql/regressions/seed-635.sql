# Seed 635: result, refused: ValidationError … (INTEGER) cannot become BOOLEAN..
create table t1 ( k text , n integer , c blob , d text , e blob , f integer , primary key ( n ) ) strict
insert or ignore into t1 values ('it''s', 5, x'00', '10', null, 2)
select true , coalesce ( 11.75 , ?1 ) , q2.e from t1 q2 union select ?2 , null , q3.e from t1 q3 where not ( q3.f , q3.c ) <> ( q3.f , q3.c ) order by 1 -- ? [-2.25,7]
