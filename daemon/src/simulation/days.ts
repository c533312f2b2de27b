export const DAY = 86_400_000;

export const mod = (value: number, by: number): number => ((value % by) + by) % by;
