/**
 * The controls of the pages: the one place where the UI toolkit is imported. Its makers archived it; whoever replaces
 * it changes this file alone.
 */
import {
  type Button,
  type Checkbox,
  type Dropdown,
  type Option,
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
} from "@vscode/webview-ui-toolkit";

/** Makes the toolkit's elements known to the page. */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox(), vsCodeDropdown(), vsCodeOption());
}

export interface ButtonOptions {
  readonly text: string;
  /** What a screen reader says, where the text does not say it all. */
  readonly label?: string;
  readonly primary?: boolean;
  readonly onClick: () => void;
}

export function button({ text, label, primary = false, onClick }: ButtonOptions): HTMLElement {
  const made = document.createElement("vscode-button") as Button;
  made.setAttribute("appearance", primary ? "primary" : "secondary");
  made.textContent = text;
  if (label !== undefined) {
    made.setAttribute("aria-label", label);
    made.title = label;
  }
  made.addEventListener("click", onClick);
  return made;
}

/** Greys a button out, or not. */
export function setDisabled(control: HTMLElement, disabled: boolean): void {
  control.toggleAttribute("disabled", disabled);
}

export function checkbox(text: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const made = document.createElement("vscode-checkbox") as Checkbox;
  made.textContent = text;
  made.checked = checked;
  made.addEventListener("change", () => onChange(made.checked));
  return made;
}

export interface DropdownOptions {
  readonly label: string;
  /** Value → what is read. */
  readonly choices: readonly { readonly value: string; readonly text: string }[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function dropdown({ label, choices, value, onChange }: DropdownOptions): HTMLElement {
  const made = document.createElement("vscode-dropdown") as Dropdown;
  made.setAttribute("aria-label", label);
  for (const choice of choices) {
    const option = document.createElement("vscode-option") as Option;
    option.value = choice.value;
    option.textContent = choice.text;
    made.append(option);
  }
  made.setAttribute("current-value", value);
  made.addEventListener("change", () => onChange(made.value));
  return made;
}
