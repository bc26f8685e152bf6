/** Qr draws a QR code from its rows of dots, dark on white whatever the theme: cameras want it so. */
export function Qr({ rows, label }: { rows: readonly string[]; label: string }) {
  const size = rows.length + 8 // four dots of white around it
  const dots = rows.flatMap((row, y) =>
    [...row].map((dot, x) => (dot === '1' ? `M${x + 4} ${y + 4}h1v1h-1z` : '')),
  )
  return (
    <svg
      viewBox={`0 0 ${size} ${size}`}
      width="220"
      height="220"
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={dots.join('')} fill="#000" />
    </svg>
  )
}
