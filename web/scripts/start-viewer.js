// Runs in the head of /api/docs, behind scheme.js: the colours are the pages', before anything is drawn.
document.documentElement.classList.toggle(
  'dark-mode',
  document.documentElement.getAttribute('data-mantine-color-scheme') === 'dark',
)

// It asks nobody but the server that it came from: the validator is on the web, and so it is off.
addEventListener('DOMContentLoaded', () =>
  globalThis.SwaggerUIBundle({
    url: '/api/openapi.json',
    dom_id: '#viewer',
    deepLinking: true,
    docExpansion: 'none',
    filter: true,
    tagsSorter: 'alpha',
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    validatorUrl: null,
  }),
)
