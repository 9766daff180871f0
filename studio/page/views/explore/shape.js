// Whether series fit a model.

/** Whether a dataset's shape is one that a model of this series shape takes. */
export function fitsShape(shape, series) {
  if (shape.n_channels !== series.n_channels) return false;
  const [shortest, longest] = [shape.shortest ?? shape.n_timepoints, shape.n_timepoints];
  if (series.length_policy === "fixed") return shortest === series.n_timepoints && longest === series.n_timepoints;
  return shortest >= series.shortest && longest <= series.longest;
}

/** What the channels of a model are called. */
export function nameChannels({ n_channels, channel_names, units }) {
  return Array.from({ length: n_channels }, (_, channel) => {
    const name = channel_names?.[channel] ?? (n_channels > 1 ? `channel ${channel + 1}` : "");
    const unit = units?.[channel];
    return unit ? `${name || "value"} [${unit}]` : name;
  });
}
