/** printOnly prints the parts of class "printed" and nothing else of the page. */
export function printOnly(): void {
  document.body.dataset.printing = 'part'
  window.addEventListener('afterprint', () => delete document.body.dataset.printing, { once: true })
  window.print()
}
