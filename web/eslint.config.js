import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-eslint'

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.ts'] },
  ...ts.configs.recommended,
  { files: ['src/**/*.{ts,tsx}'], ...hooks.configs.flat.recommended },
  { rules: { 'no-console': 'error', eqeqeq: 'error' } },
  { files: ['e2e/**', 'scripts/**'], rules: { 'no-console': 'off' } },
)
