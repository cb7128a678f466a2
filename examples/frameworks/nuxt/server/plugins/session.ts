export default plugin
