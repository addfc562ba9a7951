import type { Tx } from '../../src/platform/postgres.ts';

export type Unprotected = Readonly<{ name: string; fault: string }>;

/**
 * What of the schema does not keep tenants apart, by the catalogue: of each table, whether row-level security is on and
 * forced, and which policies there are; of each partition, that only its parent leads to it; of each view, that it reads
 * with the rights of who asks. Whatever is not known to keep them apart is found.
 */
export async function findUnprotected(tx: Pick<Tx, 'query'>): Promise<readonly Unprotected[]> {
  const { rows } = await tx.query<Unprotected>(
    `with relation as (
       select c.oid, c.relname::text as name, c.relkind, c.relispartition, c.relrowsecurity, c.relforcerowsecurity,
         coalesce(c.reloptions, '{}') as options,
         exists (
           select from unnest(array['hookledger_app', 'hookledger_tenant', 'public']) role
           cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references']) privilege
           where has_table_privilege(role, c.oid, privilege)
         ) as is_reached,
         exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as is_of_tenants
       from pg_class c
       where c.relnamespace = 'hookledger'::regnamespace and c.relkind not in ('i', 'I', 'S', 't', 'c')
     ),
     policy as (
       select tablename::text as name, roles::text[] as roles, coalesce(qual, with_check, 'true') as qual
       from pg_policies where schemaname = 'hookledger'
     )
     select name, fault from relation r
     cross join lateral (values
       (relkind in ('r', 'p') and not relispartition and not relrowsecurity, 'row-level security is off'),
       (relkind in ('r', 'p') and not relispartition and not relforcerowsecurity, 'row-level security is not forced'),
       (relkind in ('r', 'p') and not relispartition and not exists (
         select from policy p where p.name = r.name and 'hookledger_app' = any (p.roles)), 'has no policy'),
       (exists (select from policy p where p.name = r.name and 'public' = any (p.roles)), 'has a policy for everyone'),
       (is_of_tenants and exists (
         select from policy p where p.name = r.name and not 'hookledger_owner' = any (p.roles)
           and p.qual not like '%hookledger.tenant%'), 'has a policy that does not look at the tenant'),
       (relispartition and is_reached, 'is a partition that is reached without its parent'),
       (relkind = 'v' and not options && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'],
         'is a view with the rights of its owner'),
       (relkind not in ('r', 'p', 'v'), 'is of a kind that has no row-level security')
     ) found (is_at_fault, fault)
     where is_at_fault
     order by name, fault`,
  );
  return rows;
}
