/** printOnly prints the part of class "printed" and nothing else: a copy of it, which no dialog cuts off. */
export function printOnly(): void {
  const part = document.querySelector('.printed')
  if (!part) return
  document.querySelector('body > .paper')?.remove()
  const paper = document.createElement('div')
  paper.className = 'paper'
  paper.append(part.cloneNode(true))
  document.body.append(paper)
  document.body.dataset.printing = 'part'
  const clean = () => {
    paper.remove()
    delete document.body.dataset.printing
  }
  window.addEventListener('afterprint', clean, { once: true })
  window.print()
}
