/** @module A vitest reporter: what was skipped, by name, and one closing line `N passed, N failed, N skipped`. */
import type { Reporter, TestModule } from 'vitest/node'

export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let passed = 0
    let failed = 0
    const skipped: string[] = []
    for (const module of modules) {
      failed += module.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
        else skipped.push(`${module.relativeModuleId}: ${test.fullName}`)
      }
    }
    if (skipped.length > 0) console.log(`\nSkipped:\n  ${skipped.join('\n  ')}`)
    console.log(
      `\n${String(passed)} passed, ${String(failed)} failed, ${String(skipped.length)} skipped`,
    )
  }
}
