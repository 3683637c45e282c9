import type {
  ColumnDefinitionNode as ColumnDefinition,
  DataTypeNode as DataType,
  PostgresPool,
} from 'kysely'
import {
  ColumnDefinitionNode,
  GeneratedNode,
  PostgresDialect,
  PostgresQueryCompiler,
  sql,
} from 'kysely'
import type { Kysely } from 'kysely'

/** Kysely's Postgres dialect, for tables that are declared as SQLite has them. */
export function postgresDialect(pool: PostgresPool): PostgresDialect {
  return new Dialect({ pool })
}

class Dialect extends PostgresDialect {
  override createQueryCompiler(): PostgresQueryCompiler {
    return new Compiler()
  }
}

/** An `integer` of SQLite has 64 bits: so has ours in Postgres, and whatever a client may name as a number fits. */
class Compiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataType): void {
    super.visitDataType(node.dataType === 'integer' ? { ...node, dataType: 'bigint' } : node)
  }

  /** By default only: a restored row brings the id that it had. */
  protected override visitColumnDefinition(node: ColumnDefinition): void {
    if (node.autoIncrement !== true) {
      super.visitColumnDefinition(node)
      return
    }
    const generated = GeneratedNode.create({ byDefault: true, identity: true })
    const identity = ColumnDefinitionNode.cloneWith(node, { autoIncrement: false, generated })
    super.visitColumnDefinition(identity)
  }
}

/** Makes the ids of a table go on behind the largest there is; for rows that brought theirs. */
export async function continueIds<T>(db: Kysely<T>, table: string): Promise<void> {
  await sql`select setval(pg_get_serial_sequence(${table}, 'id'),
    coalesce((select max(id) from ${sql.table(table)}), 1),
    exists (select 1 from ${sql.table(table)}))`.execute(db)
}
