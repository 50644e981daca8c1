'use strict'
/** The addon, from where it is found first. */
module.exports = require('./locate.cjs').load()
