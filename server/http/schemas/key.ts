import { Type } from 'typebox'

/** A key that secrets in the database are sealed with, by its id. */
export const Key = Type.Object(
  {
    id: Type.String(),
    current: Type.Boolean({ description: 'What is sealed now is sealed with it.' }),
    uses: Type.Integer({ description: 'Values that may need it to be opened.' }),
  },
  { title: 'Key' },
)
