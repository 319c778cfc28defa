import { page } from '../../ui/page.js'
import { exportPanel } from './export.js'
import { importPanel } from './import.js'

/** The page for importing tasks from CSV files and exporting them. */
export function csvPage() {
  const imports = importPanel()
  const exports = exportPanel()
  return {
    title: 'Import & export',
    stop: () => {
      imports.stop()
      exports.stop()
    },
    node: page({ title: 'Import & export' }, imports.node, exports.node)
  }
}
