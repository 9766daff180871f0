// The plane of a latent space: codes lie on it as points, and a point of it stands for a code.
//
// A map is what `studio/models/<name>/map` answers: mean [d], axes [2][d] (orthonormal), points [n][2], latent [n][d].

/** The code `[d]` at a point of the plane. */
export function liftPoint({ mean, axes }, { x, y }) {
  return mean.map((middle, axis) => middle + x * axes[0][axis] + y * axes[1][axis]);
}

/** The point of the plane that a code `[d]` lies over. */
export function projectCode({ mean, axes }, code) {
  const [x, y] = axes.map((direction) => direction.reduce((sum, part, axis) => sum + part * (code[axis] - mean[axis]), 0));
  return { x, y };
}

/** The standard deviation of the codes on the map along each latent axis, `[d]`; 1 where there are fewer than two. */
export function measureDeviations({ mean, latent }) {
  if (latent.length < 2) return mean.map(() => 1);
  return mean.map((_, axis) => {
    const middle = latent.reduce((sum, code) => sum + code[axis], 0) / latent.length;
    const square = latent.reduce((sum, code) => sum + (code[axis] - middle) ** 2, 0) / latent.length;
    return Math.sqrt(square) || 1;
  });
}

/** Axes in the order of their deviations, the widest first. */
export function orderAxes(deviations) {
  return deviations.map((_, axis) => axis).sort((one, other) => deviations[other] - deviations[one]);
}

/** Ellipses whose covariances are multiplied by `expansion`. */
export function expandEllipses(ellipses, expansion) {
  return ellipses.map((ellipse) => ({
    ...ellipse,
    covariance: ellipse.covariance.map((row) => row.map((value) => value * expansion)),
  }));
}

/** Which ellipse each point is likeliest under, weights counted: for data without labels, its cluster on the plane. */
export function findNearestEllipses(points, ellipses) {
  const densities = ellipses.map(({ weight, centre, covariance: [[a, b], [, d]] }) => {
    const determinant = Math.max(a * d - b * b, 1e-12);
    return ([x, y]) => {
      const [dx, dy] = [x - centre[0], y - centre[1]];
      const distance = (d * dx * dx - 2 * b * dx * dy + a * dy * dy) / determinant;
      return Math.log(weight || 1e-12) - 0.5 * (distance + Math.log(determinant));
    };
  });
  return points.map((point) => {
    const scores = densities.map((density) => density(point));
    return scores.indexOf(Math.max(...scores));
  });
}
