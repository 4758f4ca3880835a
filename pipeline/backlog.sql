-- What the backlog keeps. Times are unix seconds; a hint is `taken` once its tag is being looked up.

create table if not exists hint (
    id integer primary key, at real not null, sender text not null, service text not null, tag text not null,
    commit_id text not null, pushed real not null, taken integer not null default 0
);
create unique index if not exists open_hint on hint (service, tag, commit_id) where not taken;
create table if not exists callback (service text, tag text, url text, unique (service, tag, url));
create table if not exists delivery (id text primary key, at real not null);
create table if not exists look (service text primary key);
create table if not exists release (
    service text not null, digest text not null, version text not null, tag text not null, commit_id text not null,
    pushed real not null, at real not null, state text not null, why text not null default '', told text not null
    default '', begun real, ended real, signature text not null default '', primary key (service, digest)
);
