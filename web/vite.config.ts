import {
  convertCssVariables,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from '@mantine/core'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { theme } from './src/app/theme.ts'

/** themeCss is the theme's variables as a file: Mantine would write a <style> element, which the CSP refuses. */
function themeCss(): Plugin {
  const name = 'virtual:theme.css'
  return {
    name: 'theme-css',
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load: (id) => {
      if (id !== `\0${name}`) return undefined
      return convertCssVariables(
        defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme)),
        ':root',
      )
    },
  }
}

export default defineConfig({
  plugins: [react(), themeCss()],
  server: { port: 5173, proxy: { '/api': 'http://127.0.0.1:3000' } },
  // The manifest is for scripts/size.mjs. Nothing is inlined as data: so that the CSP stays 'self'.
  build: { manifest: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
