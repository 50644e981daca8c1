/** Statements of three dialects, one a line. Those of SQLite prepare there, against SQLITE_SCHEMA. */

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('--'))

export const SQLITE_SCHEMA = `
  create table t (id integer primary key, a integer, b integer, c text, d real, key text, value blob);
  create table u (k integer, n integer, s text, t_id integer references t (id), primary key (k, n));
  create table users (id integer primary key autoincrement, name text not null, email text unique, age int, active boolean, meta text);
  create table posts (id integer primary key, user_id int, title text, body text, created_at text, score real);
  create table tree (id integer primary key, parent integer, name text);
  create index t_a on t (a);
  create unique index t_b on t (b) where a > 0;
  create view v as select id, a + b as ab from t;
  create view users_ids as select id from users;
  create view old_view as select 1 as x;
`

export const SQLITE = lines(String.raw`
  select 1
  select 1, 'two', 3.0, x'04', null, true, false
  SELECT * FROM t
  select t.* from t
  select main.t.a from main.t
  select a, b as bee, c cee, d "dee", a [ay], b ${'`bee`'} from t
  select a + b * c - d / 2 % 3 from t
  select -a, +b, ~a, - -a, -5, -(5), - 5.5e-3 from t
  select a || b || c from t
  select a << 2 | b & 7 >> 1 from t
  select a = b, a == b, a <> b, a != b, a < b, a <= b, a > b, a >= b from t
  select a = b < c from t
  select a is null, a is not null, a isnull, a notnull, a not null from t
  select a is b, a is not b, a is true, a is not false, a is distinct from b, a is not distinct from b from t
  select not a and not b or c from t
  select a and b and c or a and (b or c) from t
  select a between 1 and 10 and b not between 2 and 3 from t
  select a in (1, 2, 3), b not in (4), c in () from t
  select a in (select k from u), (a, b) in (select k, n from u) from t
  select a in users_ids from t
  select (a, b) = (1, 2), (a, b) < (3, 4) from t
  select c like 'a%', c not like '%b' escape '\', c glob 'a*', c not glob '[a-z]' from t
  select case when a then b else c end, case a when 1 then 'x' when 2 then 'y' end from t
  select cast(a as text), cast(c as integer), cast(d as varchar(20)), cast(a as decimal(10, 2)) from t
  select c collate nocase = 'x', c collate binary from t order by c collate rtrim desc
  select count(*), count(a), count(distinct b), sum(a), avg(d), min(c), max(c), total(a), group_concat(c, ', ') from t
  select count(*) filter (where a > 1), sum(distinct a) filter (where b is not null) from t
  select coalesce(a, b, 0), ifnull(a, 1), nullif(a, b), iif(a, b, c), length(c), lower(c), upper(c), abs(a) from t
  select substr(c, 1, 2), replace(c, 'a', 'b'), trim(c), ltrim(c, 'x'), rtrim(c), instr(c, 'a'), round(d, 2), hex(value) from t
  select date('now'), datetime('now', '+1 day'), strftime('%Y', 'now'), current_timestamp, current_date, current_time
  select json_extract(c, '$.a'), c -> 'a', c ->> '$.b', json_object('a', 1), json_array(1, 2) from t
  select distinct a, b from t
  select all a from t
  select a from t where b = ? and c = ?2 and d = :name and a = @other and b = $third
  select a, sum(b) from t group by a having sum(b) > 10 order by 2 desc, a
  select a from t order by a asc nulls last, b desc nulls first, 1 limit 10 offset 5
  select a from t limit 5, 10
  select a from t limit -1 offset 2
  select * from t, u where t.id = u.t_id
  select * from t join u on t.id = u.t_id
  select * from t inner join users using (id) where 0
  select * from t left join u on t.id = u.t_id and u.n > 1
  select * from t left outer join u on t.id = u.t_id right join users on users.id = u.k
  select * from t full outer join u on t.id = u.t_id
  select * from t cross join u
  select * from t natural join users
  select * from t natural left outer join users
  select * from (select a, b from t) as s where s.a > 1
  select * from (t join u on t.id = u.t_id) join users on users.id = t.id
  select * from ((select 1 as x) as p join (select 2 as y) as q)
  select * from (select 1 union select 2) x
  select * from t as x join t as y on x.id = y.a where x.id <> y.id
  select * from t indexed by t_a where a = 1
  select * from t not indexed where a = 1
  select * from json_each('[1,2]')
  select j.value from users, json_each(users.meta, '$.tags') as j where j.value <> ''
  select * from v where ab > 2
  select (select max(a) from t), exists (select 1 from u), not exists (select * from u where k = t.a) from t
  select a from t union select k from u
  select a from t union all select k from u union select 3 order by 1 limit 2
  select a from t intersect select k from u except select 1
  values (1, 'a'), (2, 'b')
  select * from (values (1, 2), (3, 4))
  values (1) union all values (2)
  with x as (select 1 as n) select n from x
  with x (n) as (select 1), y as (select n + 1 as m from x) select * from x, y
  with recursive c (n) as (select 1 union all select n + 1 from c where n < 10) select n from c
  with recursive below (id, depth) as (select id, 0 from tree where parent is null union all select tree.id, depth + 1 from tree join below on tree.parent = below.id) select * from below order by depth
  with x as materialized (select 1), y as not materialized (select 2) select * from x, y
  select row_number() over (order by a) from t
  select rank() over (partition by a order by b desc), dense_rank() over w, lag(a, 1, 0) over w from t window w as (order by id)
  select sum(a) over (order by id rows between 2 preceding and current row) from t
  select sum(a) over (order by id range between unbounded preceding and unbounded following exclude ties) from t
  select sum(a) over (order by id groups between 1 preceding and 1 following exclude current row) from t
  select sum(a) over (rows unbounded preceding), avg(b) filter (where b > 0) over () from t
  select first_value(a) over w2, nth_value(a, 2) over (w1 order by b) from t window w1 as (partition by c), w2 as (w1 order by a)
  select ntile(4) over (order by d), cume_dist() over (order by d), percent_rank() over (order by d) from t
  select a from t where (a, b) in (values (1, 2), (3, 4))
  select a from t where a = (select max(a) from t)
  select "a", 'it''s', "c" from t
  select key, value from t where key = 'x'
  select a as "group", b as [order], c as ${'`select`'} from t
  select 0x1F, 1e3, 1E-2, .5, 5., 1_000, 9223372036854775807, 9223372036854775808, -9223372036854775808
  select /* comment */ 1 -- to the end
  select users.name, count(posts.id) as n from users left join posts on posts.user_id = users.id group by users.id, users.name having n > 1 order by n desc, users.name limit 20
  select a, b from t where a > 1 group by a, b having count(*) > 1 order by count(*) desc, 1
  select p.id, p.title from posts p where p.user_id in (select id from users where active = 1 and age between 18 and 65) and p.created_at >= '2024-01-01' order by p.score desc limit 10
  select max(a, b), min(1, 2, 3) from t
  select desc, asc_ from (select 1 as desc, 2 as asc_)
  select row, rows, first, last, end, plan, temp, view, trigger from (select 1 as row, 2 as rows, 3 as first, 4 as last, 5 as end, 6 as plan, 7 as temp, 8 as view, 9 as trigger)
  select abort, action, after, before, begin, by, cascade, column, conflict, current, database from (select 1 as abort, 2 as action, 3 as after, 4 as before, 5 as begin, 6 as by, 7 as cascade, 8 as column, 9 as conflict, 10 as current, 11 as database)
  select like('a%', c), glob('a*', c), left, replace(c, 'a', 'b') from t, (select 1 as left)
  select total(a) over (), a is not null and b from t
  select 1 where 1
  select a from t where a in ((select 1))
  select ((((1))))
  select ((select 1) + 2) * 3
  select (((select 1)))
  select count() from t
  select 'a' 'alias'
  select a 'alias', b as 'other' from t
  insert into t values (1, 2, 3, 'c', 4.5, 'k', x'00')
  insert into t (a, b, c) values (1, 2, 'x'), (?, ?, ?)
  insert into t default values
  insert into t (a, b) select k, n from u where n > 1
  insert into t (a) values (1) returning id, a + 1 as next
  insert into t (a) values (1) returning *
  insert or ignore into t (a) values (1)
  insert or replace into t (id, a) values (1, 2)
  insert or abort into t (a) values (1)
  replace into t (id, a) values (1, 2)
  insert into t (id, a) values (1, 2) on conflict do nothing
  insert into t (id, a) values (1, 2) on conflict (id) do nothing
  insert into t (id, a) values (1, 2) on conflict (id) do update set a = excluded.a
  insert into t (id, a) values (1, 2) on conflict (id) do update set a = excluded.a + t.a, b = 1 where t.a < excluded.a returning id
  insert into t (b) values (1) on conflict (b) where a > 0 do update set a = 2
  insert into t as x (id, a) values (1, 2) on conflict (id) do update set (a, b) = (1, 2) where x.a > 1
  insert into t (id, a) select id, age from users where true on conflict (id) do update set a = excluded.a
  with x as (select 1 as n) insert into t (a) select n from x
  insert into t (a) with x as (select 1 as n) select n from x
  insert into t (a) values (1) union all select 2
  insert into t (a, b) select * from (values (1, 2))
  insert into main.t (a) values (1)
  update t set a = 1
  update t set a = a + 1, b = null where id = ?
  update t set (a, b) = (1, 2) where id = 3
  update t set (a, b) = (select k, n from u limit 1)
  update t as x set a = x.b where x.id = 1
  update or ignore t set b = 1
  update or replace t set b = 1
  update t set a = u.n from u where u.t_id = t.id
  update t set a = s.n from (select t_id, sum(n) as n from u group by t_id) as s where s.t_id = t.id returning t.id
  with x as (select 1 as n) update t set a = (select n from x)
  update t set a = case when b > 1 then 2 else 3 end where c like 'a%'
  delete from t
  delete from t where id = 1
  delete from t where a in (select k from u) returning *
  delete from t as x where x.a > 1
  with old as (select id from t where a < 0) delete from t where id in (select id from old)
  delete from main.t where exists (select 1 from u where u.t_id = t.id)
  create table n1 (id integer primary key)
  create table if not exists n2 (id integer primary key autoincrement, name text not null unique collate nocase, age int default 18 check (age >= 0))
  create temp table n3 (a, b, c)
  create temporary table n4 (a int)
  create table n5 (a int, b text, primary key (a, b)) without rowid
  create table n6 (a int, b text) strict
  create table n7 (a integer primary key, b text) strict, without rowid
  create table n8 (a int references t (id) on delete cascade on update set null deferrable initially deferred)
  create table n9 (a int, b int, constraint fk foreign key (a, b) references u (k, n) on delete restrict on update no action, constraint un unique (a, b), constraint ck check (a < b))
  create table n10 (a int, b int generated always as (a * 2) stored, c int as (a + 1) virtual, d as (a || b))
  create table n11 as select * from t
  create table n12 (a default 1, b default -1, c default 'x', d default (1 + 2), e default current_timestamp, f default null, g default true)
  create table n13 (a unsigned big int, b varchar(255), c decimal(10, 2), d double precision, e native character(70))
  create table n14 (a int constraint nn not null constraint uq unique constraint pk primary key)
  create table n15 (a integer primary key desc, b text)
  create table n16 ("quoted name" text, [bracketed] text, ${'`ticked`'} text)
  create table n17 (a int, b int, unique (a collate nocase desc, b))
  create table n18 (key text, value text, action text, first int)
  create table n19 (a int check (a > 0) check (a < 10), check (a <> 5), foreign key (a) references t)
  create table n20 (a int not null on conflict abort, b int references t deferrable)
  create index i1 on t (a)
  create unique index if not exists i2 on t (a, b desc)
  create index i3 on t (lower(c), a + b) where a is not null
  create index i4 on t (c collate nocase asc)
  create view v1 as select a, b from t where a > 1
  create view if not exists v2 (x, y) as select a, b from t union select k, n from u
  create temp view v3 as with x as (select 1 as n) select n from x
  drop table t
  drop table if exists nothing_here
  drop index t_a
  drop index if exists nothing_here
  drop view v
  drop view if exists nothing_here
  alter table t rename to t2
  alter table t rename column a to z
  alter table t rename a to z
  alter table t add column e text not null default 'x'
  alter table t add e int references u
  alter table t drop column d
  begin
  begin transaction
  begin immediate
  begin deferred transaction
  begin exclusive transaction
  commit
  commit transaction
  end
  end transaction
  rollback
  rollback transaction
  savepoint one
  release one
  release savepoint one
  rollback to one
  rollback transaction to savepoint one
  explain select * from t
  explain query plan select * from t where a = 1
  pragma table_info(t)
  pragma table_info('t')
  pragma foreign_keys
  pragma foreign_keys = on
  pragma main.user_version = 5
  pragma cache_size = -2000
  analyze
  analyze t
  vacuum
  reindex
  reindex t
`)

export const POSTGRES = lines(String.raw`
  select 1::int, '2'::text, $1::bigint, a::numeric(10, 2), x::timestamp with time zone, y::double precision, z::varchar(3) from t
  select a::text::int + 1 from t
  select -5::int, (a + b)::text, now()::date from t
  select $1, $2, $1
  select 'it''s', E'tab\tnew\nline\'\\', E'\x41\u00e9\101', $$dollar 'quoted'$$, $tag$a $$ b$tag$
  select "Quoted", "with ""quotes""" from "Table"
  select public.t.a, pg_catalog.lower(b) from public.t
  select distinct on (a, b) a, b, c from t order by a, b, c desc
  select a from t order by a desc nulls last limit 10 offset 20
  select a from t fetch first 5 rows only
  select a from t offset 10 rows fetch next 5 rows only
  select a from t fetch first row only
  select a from t limit all
  select a from t for update
  select a from t for update of t skip locked
  select a from t for no key update nowait
  select a like 'A%', a not like 'b', a ilike 'c%', a not ilike 'd', a ~ '^x', a ~* 'y', a !~ 'z', a !~* 'w' from t
  select a = any ($1), b = any (array[1, 2, 3]), c <> all (select k from u), d > some (select n from u) from t
  select a = any (array[]::int[]), b = any ($1::text[]) from t
  select a is distinct from b, a is not distinct from b, a is unknown, a is not unknown, a is not true from t
  select a between 1 and 2 or b between 2 and 3 from t
  select a between symmetric b and 3 and c, not a not between symmetric 3 and 1, a between asymmetric 1 and 2 from t
  select int '5', bool 'true', numeric '1.5', bigint '7' + 1, text 'x' || 'y'
  select row(1, 2) = row(a, b), (a, b) in ((1, 2), (3, 4)) from t
  select extract(year from created_at), extract('month' from created_at), date_trunc('day', created_at) from t
  select substring(a from 1 for 2), substring(a from 3), substring(a, 1, 2), overlay(a placing 'x' from 2 for 1) from t
  select trim(a), trim(both 'x' from a), trim(leading from a), trim(trailing ' ' from a), trim('x' from a) from t
  select position('a' in b), coalesce(a, b), greatest(a, b), least(1, 2) from t
  select current_timestamp, current_date, current_timestamp(3), localtimestamp, current_user
  select interval '1 day', now() - interval '2 hours 30 minutes', ts + interval '1' day from t
  select date '2024-01-01', timestamp '2024-01-01 10:00:00', timestamptz '2024-01-01', timestamp with time zone '2024-01-01', json '{}', uuid 'b0d4ce5d-2757-4699-948c-cfa72ba94f86'
  select created_at at time zone 'UTC' from t
  select data -> 'a' ->> 'b', data -> 0, data ->> 'x' = 'y' from t
  select a || b + 1, 2 ^ 3, a % 2, a & b | c, a << 1 from t
  select string_agg(name, ', ' order by name desc), array_length, count(distinct a) filter (where b) from t
  select percentile_cont(0.5) within group (order by a) from t
  select first_value(a) ignore nulls over (order by b), lag(a) respect nulls over w from t window w as (partition by c order by d)
  select sum(a) over (partition by b order by c rows between unbounded preceding and 1 following) from t
  select case a when 1 then 'x' else 'y' end from t
  select cast(a as character varying(20)), cast(b as timestamp with time zone), cast(c as double precision), cast(d as int) from t
  select exists (select from t where a = 1)
  select not exists (select 1 from t), not a = b from t
  select * from t join u using (id) left join lateral (select * from v where v.id = t.id limit 1) as l on true
  select * from t cross join lateral generate_series(1, t.n) as g (i)
  select * from generate_series(1, 10) as g
  select * from (values (1, 'a'), (2, 'b')) as x (id, name)
  select * from only t
  select * from information_schema.tables where table_schema = 'public'
  select t.*, u.* from t full join u on t.id = u.id
  select * from t natural full outer join u
  table t
  table t union all table u order by 1
  (select 1) union (select 2 limit 1) order by 1
  ((select a from t order by b limit 1) union all select 2) except select 3
  select 1 union select 2 intersect select 2
  select 1 union all (select 2 union select 3)
  select * from ((select 1 as a) union (select 2)) as s
  select (select 1) + (select 2), ((select 3)) from t where a in ((select 1) union (select 2))
  with a as (select 1), b (x, y) as (select 1, 2) select * from a, b
  with recursive t (n) as (values (1) union all select n + 1 from t where n < 100) select sum(n) from t
  values (1, 2), (3, 4) order by column1 desc limit 1
  select sum(a) as total, "user".name from "user" group by 2, "user".id having sum(a) > 1
  select value, key, name, type, date, time, timestamp, text, action, data, level, index, set, insert from t
  select a as select, b as from, c as where from t
  select a name, b value, c year from t
  select a.select, b.from from a, b
  insert into t (a, b) values (1, default), (default, 2) returning id
  insert into t values (1) on conflict on constraint t_pkey do nothing
  insert into t (a) values ($1) on conflict (a) do update set b = excluded.b, c = t.c + 1 where t.c < 5 returning *, a + 1 as next
  insert into t as x (a, b) values (1, 2) on conflict (a, b) where a > 0 do update set (a, b) = row(1, 2)
  insert into t (a, b) overriding system value values (1, 2)
  insert into public.t select * from u
  insert into t (a) (select k from u)
  insert into t (a) ((select k from u) union (select 1))
  insert into t default values returning id
  with x as (select 1 as a) insert into t select a from x returning a
  update t set a = 1, b = default where id = $1 returning *
  update only t as x set a = u.b from u join v on u.id = v.id where u.id = x.id
  update t set (a, b) = (1, default), c = 2
  update t set (a, b) = (select c, d from u where u.id = t.id)
  delete from t using u, v where t.id = u.id and u.id = v.id returning t.*
  delete from only t x where x.a = 1
  create table t (id serial primary key, b bigserial, name varchar(50) not null, created timestamp with time zone default now(), data jsonb default '{}'::jsonb)
  create table t (id bigint generated always as identity primary key, other int generated by default as identity (start with 10 increment by 1))
  create table t (id uuid primary key default gen_random_uuid(), n numeric(10, 2) check (n > 0) not null, tags text[], v vector(768))
  create table t (a int generated always as (b * 2) stored, b int unique nulls not distinct)
  create table t (a int, b int, constraint pk primary key (a, b), unique nulls not distinct (b), foreign key (b) references u on delete set null)
  create table t (a character varying(20) collate "C", b timestamp(3) without time zone, c double precision, d interval, e bit varying(3))
  create table if not exists public.t (a int references public.u (id) on delete cascade on update restrict not deferrable initially immediate)
  create table t (a int) with (fillfactor = 70, index_policy = 'appendOnly')
  create table t as select 1 as a
  create temporary table t (a int) on commit drop
  create table t (a int default 1 + 2, b text default 'x'::text not null, c int default -1)
  create table t (a int primary key, b int references u match simple, c int check (c > 0) no inherit)
  create unique index concurrently if not exists i on t using btree (a desc nulls last, lower(b)) include (c) nulls not distinct where a > 0
  create index on t (a)
  create index i on t (a text_pattern_ops, (a + b))
  create or replace view v (a, b) as select 1, 2
  create or replace temp view v as select * from t where a like 'X%'
  drop table if exists a, b cascade
  drop index concurrently if exists i restrict
  drop view if exists v cascade
  truncate t
  truncate table only a, b restart identity cascade
  truncate a continue identity restrict
  alter table t add column if not exists a int not null default 0, drop column if exists b cascade
  alter table if exists only t rename to u
  alter table t alter column a type bigint using a::bigint
  alter table t alter a set data type text, alter b drop not null, alter column c set not null
  alter table t alter column a set default now(), alter b drop default
  alter table t add constraint c check (a > 0), add primary key (a), add unique (b), add foreign key (c) references u (id)
  alter table t drop constraint if exists c cascade
  alter table t rename column a to b
  alter table t set (index_policy = 'balanced')
  begin isolation level serializable, read only
  begin work
  start transaction isolation level repeatable read read write
  start transaction isolation level read committed not deferrable
  commit work
  commit and no chain
  end
  abort
  rollback work
  rollback to savepoint s
  savepoint s
  release savepoint s
  explain analyze select 1
  explain (analyze, verbose, format json) select * from t
  explain (analyze false, costs off) delete from t
  explain verbose insert into t values (1)
  show search_path
  show transaction isolation level
  show all
  set search_path to public, other
  set session timezone = 'UTC'
  set local statement_timeout = 1000
  set time zone 'Europe/Berlin'
  set transaction isolation level serializable
  set session characteristics as transaction read only
  reset timezone
  analyze verbose t (a, b)
  vacuum (full, analyze) t
  vacuum full
  reindex table t
  select /* nested /* comment */ still */ 1
  select 1 as "a""b", 'x'
`)

export const MYSQL = lines(String.raw`
  select ${'`a`'}, "text", 'it\'s', 'a''b', "say ""hi""", 'line\nbreak' from ${'`t`'} # comment
  select 'a' 'b' 'c'
  select a || b, a && b, !a, a xor b, not a from t
  select a div b, a mod b, a % b, 7 / 2 from t
  select a <=> b, a <> b, a != b, a is null from t
  select a regexp '^x', a rlike 'y', a not regexp 'z', a like binary 'X%' from t
  select if(a, b, c), ifnull(a, b), concat(a, b), concat_ws(',', a, b), left(a, 2), right(a, 3), mod(a, 2) from t
  select group_concat(distinct a order by b desc separator '; ') from t
  select count(distinct a), sum(a), char_length(b) from t
  select cast(a as unsigned), cast(b as signed integer), cast(c as char(10)), convert(d, decimal(10, 2)), convert(e using utf8mb4) from t
  select now() + interval 1 day, date_add(a, interval 5 minute), date_sub(a, interval '2' hour), interval -1 month + a from t
  select date '2024-01-01', timestamp '2024-01-01 00:00:00'
  select data -> '$.a', data ->> '$.b' from t
  select 0xff, 0b101, x'00ff', 1e10, N'text'
  select current_timestamp(), current_date(), current_timestamp(6)
  select * from a straight_join b
  select * from a inner join b on a.id = b.id left join c using (id)
  select * from t use index (i) where a = 1
  select * from t force index for order by (i, j) order by a
  select * from t ignore index (primary) limit 5
  select * from t limit 5, 10
  select * from t for share
  select * from t lock in share mode
  select distinctrow a from t
  select a as 'alias', b 'other' from t
  select * from db.t
  values row(1, 2), row(3, 4) order by 1
  select * from (values row(1, 2)) as v (a, b)
  (select a from t limit 1) union (select b from u limit 1) order by 1 limit 3
  with recursive c as (select 1 as n union all select n + 1 from c where n < 5) select * from c
  select a, row_number() over (partition by b order by c) as rn from t
  insert into t values (1, 'a'), (2, 'b')
  insert t (a) values (1)
  insert ignore into t (a) values (1)
  insert ignore t (a) value (1)
  insert low_priority into t set a = 1, b = default
  insert into t (a, b) values (1, 2) on duplicate key update b = values(b), c = c + 1
  insert into t (a, b) values (1, 2) as new on duplicate key update b = new.b + t.b
  insert into t (a, b) values (1, 2) as new (x, y) on duplicate key update b = y, a = new.x
  insert into t (a, b) select c, d from u on duplicate key update b = values(b)
  insert into t () values ()
  insert into t (a) values row(1)
  replace into t (a) values (1)
  replace t set a = 1
  replace into t select * from u
  update t set a = 1 where b = 2 order by c desc limit 5
  update ignore t set a = 1
  update low_priority t as x set x.a = 1
  update a join b on a.id = b.a_id set a.x = b.y where b.z > 1
  update a, b set b.x = a.y where a.id = b.id
  update a inner join b on a.id = b.id join c on c.id = b.id set c.x = a.y
  delete from t where a = 1 order by b limit 10
  delete a from a join b on a.id = b.id where b.x = 1
  delete x from t as x inner join u on x.id = u.id
  delete from a using a join b on a.id = b.id where b.x is null
  delete quick from t
  create table t (id int unsigned not null auto_increment primary key, name varchar(50) character set utf8mb4 collate utf8mb4_bin default 'x' comment 'the name') engine=InnoDB default charset=utf8mb4 auto_increment=5 comment='a table'
  create table t (id bigint auto_increment, a enum('x', 'y', 'it''s') not null default 'x', b tinyint(1), c datetime(3) default current_timestamp(3) on update current_timestamp(3), primary key (id), unique key uk (a), key ik (b, c desc), index (c))
  create table t (a int, b varchar(255), unique index u (b(10)), index using btree (a), constraint fk foreign key fk_i (a) references u (id) on delete cascade)
  create table t (a int generated always as (b + 1) virtual, b int unique key, c double unsigned zerofill, d text key)
  create table if not exists t (a json, b mediumtext, c longblob, d decimal(20, 6) unsigned) row_format=dynamic collate=utf8mb4_unicode_ci
  create table t (id int primary key) select 1 as id
  create unique index i on t (a, b desc) using btree
  create index i using btree on t (a(20))
  create or replace view v as select * from t
  drop table if exists t, u
  drop temporary table t
  drop index i on t
  truncate table t
  alter table t add column a int not null, add index i (a), add unique key u (a), add (b int, c int)
  alter table t modify column a bigint unsigned not null, change b bb varchar(20) default "x"
  alter table t drop column a, drop index i, drop primary key, drop foreign key fk, drop key k, drop check c
  alter table t rename to u, rename index a to b, rename column c to d
  alter table t engine = InnoDB, auto_increment = 100
  alter table t alter column a set default 5, alter b drop default
  start transaction
  start transaction with consistent snapshot
  start transaction read only
  begin
  commit
  rollback
  savepoint s
  rollback to s
  release savepoint s
  set names utf8mb4
  set autocommit = 0
  set @x := 5
  set @@session.sql_mode = 'ANSI'
  set session transaction isolation level read uncommitted
  show tables
  show full tables from db
  show columns from t
  show index from t
  show keys in t
  show create table t
  show variables like 'version%'
  describe t
  desc t
  explain select * from t
  explain format=json select * from t
  describe select 1
  explain analyze select 1
  optimize table t
  analyze table t
`)
