export { plugin as default } from '../sessions'
