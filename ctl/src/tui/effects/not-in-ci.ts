/** In place of the package of this name. */
export default false;
